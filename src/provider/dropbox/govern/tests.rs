//! What is refused before anything is asked, and what refusals mean.
