"""Work on whole tables of a live database, and what its server knows about them. The commands are thin around this."""
