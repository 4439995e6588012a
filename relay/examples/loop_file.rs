//! Writes a transport stream file, looped, to another file: what a receiver of the looped channel would get.
//!
//!     cargo run -p relay --example loop_file -- PATH OUT [ROUNDS] [UNIX_SECONDS]
//!     ffmpeg -v warning -i OUT -f null -        # a receiver that has nothing to say about the seams

use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::SystemTime;

use relay::io::Generator;
use relay::io::file::{self, FileSource};
use relay::spec::FileInput;
use relay::time::Utc;
use relay::wire::ts::{PACKET_LEN, PACKETS_PER_DATAGRAM};

const USAGE: &str = "usage: loop_file PATH OUT [ROUNDS=25] [UNIX_SECONDS=now]
Writes ROUNDS rounds of the transport stream PATH, as they are on air at UNIX_SECONDS, to OUT.";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, out, options @ ..] = arguments.as_slice() else {
        eprintln!("{USAGE}");
        return Ok(());
    };
    let rounds = options.first().map_or(Ok(25), |text| text.parse())?;
    let start = options.get(1).map_or_else(now, |text| Ok(Utc(text.parse::<u64>()? * 1_000_000_000)))?;
    let mut source = file::open(&FileInput { path: path.into(), looped: true }, PACKETS_PER_DATAGRAM)?;
    // A receiver that joins in the middle would see half pictures first, which is not what this is about.
    source.seek(source.next_round(start));
    write_rounds(&mut source, rounds, &mut BufWriter::new(File::create(out)?))?;
    eprintln!("{rounds} rounds of {:?}, {} datagrams each", source.duration(), source.datagrams());
    Ok(())
}

fn now() -> Result<Utc, Box<dyn std::error::Error>> {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(Utc(u64::try_from(since_1970.as_nanos())?))
}

fn write_rounds(source: &mut FileSource, rounds: u64, out: &mut impl Write) -> std::io::Result<()> {
    let mut datagram = [0; PACKETS_PER_DATAGRAM * PACKET_LEN];
    for _ in 0..rounds * source.datagrams() {
        let len = source.fill(&mut datagram)?;
        out.write_all(&datagram[..len])?;
    }
    out.flush()
}
