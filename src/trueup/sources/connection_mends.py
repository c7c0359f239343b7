"""What mends a connection that was refused: the end of the sentence that reports it."""

from __future__ import annotations

RUN_AGAIN = "nothing was changed, run the command again"
CORRECT_DATABASE = "correct the name of the database in the address"
CORRECT_CREDENTIALS = "correct the user or the password in the address"
CORRECT_HOST = "correct the host and port in the address, or start the server"
GRANT_CONNECT = "grant this role the right to connect to the database"
