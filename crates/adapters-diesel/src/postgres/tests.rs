//! What the store promises on a real server.

mod contract;
