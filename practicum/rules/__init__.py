"""Pure decisions of the practicum: no database, no clock; `now` is passed in."""
