"""Screens of the practicum in the Wagtail admin."""
