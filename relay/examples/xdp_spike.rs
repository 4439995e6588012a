//! Spike.
#![allow(clippy::unwrap_used, clippy::print_stdout)]
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let index = |name: &str| -> u32 {
        std::fs::read_to_string(format!("/sys/class/net/{name}/ifindex")).unwrap().trim().parse().unwrap()
    };
    let mac = std::fs::read_to_string("/sys/class/net/out/address").unwrap();
    let mac: Vec<u8> = mac.trim().split(':').map(|x| u8::from_str_radix(x, 16).unwrap()).collect();
    let spike = relay::io::xdp::Spike {
        in_index: index("in"),
        out_index: index("out"),
        group: args[1].parse().unwrap(),
        to: args[2].parse().unwrap(),
        from: "10.9.2.1:40000".parse().unwrap(),
        source_mac: mac.try_into().unwrap(),
        generic: args.iter().any(|a| a == "generic"),
        offload: args.iter().any(|a| a == "offload"),
        gso: args.iter().any(|a| a == "gso"),
        rest_micros: args.iter().find_map(|a| a.strip_prefix("rest=")).map_or(0, |a| a.parse().unwrap()),
    };
    relay::io::xdp::spike(&spike).unwrap();
}
