"""How the tables of a log came to be what they are, for Alembic: one revision after the other."""
