"""Pages of the practicum."""
