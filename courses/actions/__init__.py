"""Every write of this app that crosses rows, one module per noun."""
