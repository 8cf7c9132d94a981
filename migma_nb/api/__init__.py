"""The only room that speaks the API's dialect: wire models, the client, errors, what an answer means."""
