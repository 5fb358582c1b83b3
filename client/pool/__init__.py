"""Several servers as one: who makes which picture, and what becomes of it where one fails."""
