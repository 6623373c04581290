//! Of a large wheel on a server only a few pieces are read.

use std::cell::RefCell;
use std::io::SeekFrom;
use std::rc::Rc;

use super::*;

/// A reader that counts how often it is asked to go elsewhere, and what it gave.
struct Counting(Cursor<Vec<u8>>, Rc<RefCell<(usize, usize)>>);

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.borrow_mut().1 += count;
        Ok(count)
    }
}

impl Seek for Counting {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.1.borrow_mut().0 += 1;
        self.0.seek(to)
    }
}

#[test]
fn a_large_wheel_is_read_in_few_pieces() {
    let noise: Vec<u8> = (0..8_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let names: Vec<String> = (0..5000).map(|at| format!("torch/include/ATen/ops/file_{at}.h")).collect();
    for first in [true, false] {
        let mut all = members();
        let head = all.remove(0);
        let mut rest: Members<'_> = names.iter().map(|name| (name.as_str(), &noise[..1000])).collect();
        rest.push((head.0, &noise));
        let all = if first { [all, rest].concat() } else { [rest, all].concat() };
        let bytes = zip(&all, CompressionMethod::DEFLATE);
        let total = bytes.len();
        let counts = Rc::new(RefCell::new((0, 0)));
        let counting = Counting(Cursor::new(bytes), Rc::clone(&counts));
        let (contents, _) = glimpse(counting, &NAME.parse().unwrap()).unwrap();
        assert_eq!(contents.metadata_bytes, METADATA.as_bytes());
        let (seeks, read) = *counts.borrow();
        // The length, the end, the directory, the members.
        assert!(seeks <= 4, "{seeks} seeks");
        assert!(read * 5 < total, "{read} of {total} bytes");
    }
}
