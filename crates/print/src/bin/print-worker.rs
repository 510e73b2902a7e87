//! The print worker as a program of its own: for tests and for hosts that separate it.
//! It does nothing but answer frames on standard input and output.

fn main() -> std::io::Result<()> {
    print::run_worker()
}
