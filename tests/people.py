"""The named people of every test; each stands for one role, and the outsider for a stranger."""
