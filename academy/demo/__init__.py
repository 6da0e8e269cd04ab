"""The demo academy: fictional, the same every time, and written through the actions that people use."""
