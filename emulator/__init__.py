"""A stand-in for a Draw Things server, for tests, demonstrations and machines without one."""
