"""Every write of the practicum that crosses rows."""
