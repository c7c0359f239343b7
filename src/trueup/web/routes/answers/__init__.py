"""What the API answers, as types. Names in JSON are camelCase, and every field is always there."""
