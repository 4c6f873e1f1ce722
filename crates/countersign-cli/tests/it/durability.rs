//! What was acknowledged stays, whatever happens to the processes, the disk or the files; and what cannot be used is
//! said to be so at once, and left as it is.

mod disk;
mod killed;
mod places;
