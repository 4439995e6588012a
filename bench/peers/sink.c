/*
 * Analyser: receives the test stream from a group, or from many, until SIGTERM, then prints one line of JSON.
 *
 *     sink GROUP:PORT DATAGRAMS_MAX [FLOWS]
 *
 * DATAGRAMS_MAX is for all flows together.
 *
 * Latency is the time from the source's stamp in the payload to the kernel's receive stamp, so that neither the sink's
 * own wake-up nor its share of the processor is part of it. It looks at its socket once a millisecond instead of
 * blocking: a blocked reader would be woken by the relay's send call, at the relay's expense.
 */
#define _GNU_SOURCE
#include "net.h"
#include "stream.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH = 32,
    POLL_NS = 1000 * NS_PER_US,
    RECEIVE_BUFFER = 128 << 20,
    CONTROL_LEN = 128,
    LATENCY_MAX_US = 200000, /* the histogram has a bucket a microsecond; what took longer is in the last */
};

static struct {
    uint64_t datagrams; /* all that came, the malformed too */
    uint64_t malformed;
    uint64_t distinct;
    uint64_t duplicates;
    uint64_t reordered; /* came after one of the same flow with a higher number */
    uint64_t first_utc_ns; /* of the first datagram, whatever its content */
    uint64_t latency_max_ns;
    uint32_t dropped; /* by the kernel, our own buffer being full */
} seen;

static uint8_t *seen_bits;
static uint64_t number_end;
static uint64_t flows = 1;
static uint64_t *next_of_flow; /* one more than the highest number that came */
static uint64_t latency_us[LATENCY_MAX_US + 1];
static volatile sig_atomic_t stopping;

static char slots[BATCH][GSO_BYTES_MAX];
static char controls[BATCH][CONTROL_LEN];

static void stop(int signal)
{
    (void)signal;
    stopping = 1;
}

static int open_sink(const char *group)
{
    int on = 1, bytes = RECEIVE_BUFFER;
    int udp = flows == 1 ? open_receiver(group) : open_receiver_of_many(group, (unsigned)flows);
    if (setsockopt(udp, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
        die("SO_RCVBUFFORCE");
    if (setsockopt(udp, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0)
        die("SO_TIMESTAMPNS");
    if (setsockopt(udp, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on) != 0)
        die("SO_RXQ_OVFL");
    enable_gro(udp);
    return udp;
}

static bool mark_seen(uint64_t number)
{
    uint8_t bit = (uint8_t)(1 << (number % 8));
    bool is_new = (seen_bits[number / 8] & bit) == 0;
    seen_bits[number / 8] |= bit;
    return is_new;
}

static void count_order(struct stamp stamp)
{
    if (stamp.sequence < next_of_flow[stamp.flow])
        seen.reordered++;
    else
        next_of_flow[stamp.flow] = stamp.sequence + 1;
}

static void count_latency(uint64_t latency_ns)
{
    uint64_t bucket = latency_ns / NS_PER_US;
    latency_us[bucket < LATENCY_MAX_US ? bucket : LATENCY_MAX_US]++;
    if (latency_ns > seen.latency_max_ns)
        seen.latency_max_ns = latency_ns;
}

static void count_datagram(const uint8_t *bytes, size_t length, uint64_t received_ns, uint64_t utc_offset_ns)
{
    struct stamp stamp;
    if (seen.datagrams++ == 0)
        seen.first_utc_ns = received_ns + utc_offset_ns;
    if (!stream_read(bytes, length, &stamp) || stamp.flow >= flows || stamp.sequence >= number_end / flows) {
        seen.malformed++;
        return;
    }
    if (!mark_seen(stamp.sequence * flows + stamp.flow)) {
        seen.duplicates++;
        return;
    }
    seen.distinct++;
    count_order(stamp);
    count_latency(received_ns > stamp.sent_ns ? received_ns - stamp.sent_ns : 0);
}

/* The kernel's receive stamp is UTC; `utc_offset_ns` brings it to the clock of the source's stamp. */
static uint64_t receive_time_ns(struct msghdr *message, uint64_t utc_offset_ns)
{
    struct timespec stamp = {0};
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
            memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL)
            memcpy(&seen.dropped, CMSG_DATA(c), sizeof seen.dropped);
    }
    return timespec_ns(stamp) - utc_offset_ns;
}

static void count_message(struct mmsghdr *received, const uint8_t *bytes, uint64_t utc_offset_ns)
{
    uint64_t received_ns = receive_time_ns(&received->msg_hdr, utc_offset_ns);
    size_t left = received->msg_len, segment = segment_len(&received->msg_hdr, left);
    while (left > 0) {
        size_t length = left < segment ? left : segment;
        count_datagram(bytes, length, received_ns, utc_offset_ns);
        bytes += length;
        left -= length;
    }
}

/* Takes what is there, one batch at most; false when nothing was. */
static bool take_batch(int udp)
{
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    for (int i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){.iov_base = slots[i], .iov_len = GSO_BYTES_MAX};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1, .msg_control = controls[i],
                                              .msg_controllen = CONTROL_LEN};
    }
    int count = recvmmsg(udp, messages, BATCH, MSG_DONTWAIT, NULL);
    if (count < 0 && errno != EAGAIN && errno != EINTR)
        die("recvmmsg");
    uint64_t utc_offset_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
    for (int i = 0; i < count; i++)
        count_message(&messages[i], (const uint8_t *)slots[i], utc_offset_ns);
    return count > 0;
}

/* The latency in microseconds, rounded down, that `share` of the datagrams did not exceed. */
static unsigned percentile_us(double share)
{
    uint64_t rank = (uint64_t)(share * (double)seen.distinct), count = 0;
    for (unsigned us = 0; us <= LATENCY_MAX_US; us++) {
        count += latency_us[us];
        if (count > rank)
            return us;
    }
    return 0;
}

static void print_report(void)
{
    printf("{\"datagrams\":%" PRIu64 ",\"malformed\":%" PRIu64 ",\"received\":%" PRIu64 ",\"duplicates\":%" PRIu64
           ",\"reordered\":%" PRIu64 ",\"sink_dropped\":%" PRIu32 ",\"first_utc_ns\":%" PRIu64
           ",\"p50_us\":%u,\"p99_us\":%u,\"max_us\":%.0f,\"cpu_ns\":%" PRIu64 "}\n",
           seen.datagrams, seen.malformed, seen.distinct, seen.duplicates, seen.reordered, seen.dropped, seen.first_utc_ns,
           percentile_us(0.50), percentile_us(0.99), (double)seen.latency_max_ns / NS_PER_US,
           clock_ns(CLOCK_PROCESS_CPUTIME_ID));
}

int main(int argc, char **argv)
{
    if (argc == 4)
        flows = strtoull(argv[3], NULL, 10);
    if (argc < 3 || argc > 4 || flows == 0 || (number_end = strtoull(argv[2], NULL, 10)) < flows) {
        fputs("usage: sink GROUP:PORT DATAGRAMS_MAX [FLOWS]\n", stderr);
        return 2;
    }
    seen_bits = calloc(number_end / 8 + 1, 1);
    next_of_flow = calloc(flows, sizeof *next_of_flow);
    if (seen_bits == NULL || next_of_flow == NULL)
        die("calloc");
    struct sigaction on_stop = {.sa_handler = stop};
    sigaction(SIGTERM, &on_stop, NULL);
    int udp = open_sink(argv[1]);
    while (!stopping) {
        while (take_batch(udp))
            ;
        nanosleep(&(struct timespec){.tv_nsec = POLL_NS}, NULL);
    }
    while (take_batch(udp))
        ;
    print_report();
    return 0;
}
