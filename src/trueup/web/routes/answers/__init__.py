"""The API's answers, as types. Names in JSON are camelCase, and every field is always present."""
