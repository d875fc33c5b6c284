//! OpenAI and every server that speaks its API, Azure OpenAI included.
