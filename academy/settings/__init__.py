"""Settings for development, tests and production; all read the environment."""
