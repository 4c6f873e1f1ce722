//! What strangers may send to the running server, byte by byte: it is refused in a form that its sender can read, costs
//! the server no more than a bounded amount of memory, and keeps nobody else waiting.
//!
//! Of the list of attacks these are cases 19, 23, 24, 26, 27, 36, 56 and 57, as far as the wire adds something to the tests
//! of the signature core.

mod forms;
mod held_up;
mod limits;
mod pipelines;
mod watched;
