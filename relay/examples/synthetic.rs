//! Writes a synthetic channel to a transport stream file, as fast as it can be made.
//!
//! `cargo run -p relay --example synthetic -- [FILE [SECONDS [URL]]]`; without FILE three seconds go to a
//! temporary file.

use std::env;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write, stdout};
use std::path::PathBuf;
use std::time::SystemTime;

use relay::io::Generator;
use relay::io::synthetic::SyntheticChannel;
use relay::time::Utc;
use relay::wire::ts::{PACKET_LEN, PACKETS_PER_DATAGRAM};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let path = arguments.next().map_or_else(|| env::temp_dir().join("synthetic.ts"), PathBuf::from);
    let seconds: u64 = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let input = arguments.next().unwrap_or_else(|| "test:bars?label=CH+7&name=Channel+7&bitrate=2M".into());
    let mut channel = SyntheticChannel::new(&input.parse()?, PACKETS_PER_DATAGRAM)?;

    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    // Three seconds hold whole pictures and whole audio units: a file of a multiple of them has none cut short.
    let start = Utc(now.next_multiple_of(3) * 1_000_000_000);
    let end = Utc(start.0 + seconds * 1_000_000_000);
    channel.seek(start);
    let mut file = BufWriter::new(File::create(&path)?);
    let mut datagram = [0; PACKETS_PER_DATAGRAM * PACKET_LEN];
    while channel.due().is_some_and(|due| due < end) {
        let len = channel.fill(&mut datagram)?;
        file.write_all(&datagram[..len])?;
    }
    file.flush()?;
    writeln!(stdout(), "{seconds} s at {} b/s in {}", channel.bitrate(), path.display())?;
    Ok(())
}
