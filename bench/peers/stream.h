/*
 * The test stream: datagrams of seven transport packets that a relay's continuity check finds clean, each carrying its
 * number and the time at which it was sent.
 */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PACKET_LEN = 188,
    PACKETS_PER_DATAGRAM = 7,
    DATAGRAM_LEN = PACKET_LEN * PACKETS_PER_DATAGRAM,
};

/* What a datagram says of itself. */
struct stamp {
    uint64_t flow;     /* 0 for the first, or only, flow of a run */
    uint64_t sequence; /* 0 for the first datagram of a flow */
    uint64_t sent_ns;  /* CLOCK_MONOTONIC just before the send call */
};

/* Fills in what is the same in all datagrams: sync bytes, PIDs, payload. */
void stream_prepare(uint8_t datagram[DATAGRAM_LEN]);

/* Fills in what differs: the stamp, and the continuity counters that belong to its sequence number. */
void stream_stamp(uint8_t datagram[DATAGRAM_LEN], struct stamp stamp);

/* Reads the stamp; false if the bytes are not a datagram of the test stream. */
bool stream_read(const uint8_t *datagram, size_t length, struct stamp *stamp);

#endif
