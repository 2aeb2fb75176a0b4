//! The asynchronous runtime of Postroad will live here, the twin of `postroad-runtime-std`, file by file. Nothing is built yet.
