/*
 * Load generator: sends the test stream to a group at a given rate for a given time.
 *
 *     source GROUP:PORT RATE SECONDS TICK_US apart|joined
 *
 * RATE is in datagrams a second. Once a tick, what has become due is sent: "apart" as packets of their own (sendmmsg),
 * which arrive one by one; "joined" as runs (GSO), which cross the veth whole. With a tick of 0 a datagram is sent as
 * soon as it is due. Prints one line of JSON.
 */
#define _GNU_SOURCE
#include "net.h"
#include "stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

enum {
    RUN_MAX = GSO_BYTES_MAX / DATAGRAM_LEN, /* datagrams a call */
    LATE_MAX_NS = 500 * NS_PER_US,          /* a longer delay of ours is forgiven: to make up for it would be a burst */
};

struct load {
    int socket;
    double interval_ns; /* between two datagrams */
    double tick_ns;     /* what is due in that time leaves together */
    bool joined;
};

struct report {
    uint64_t sent;    /* datagrams, numbered 0..sent */
    uint64_t refused; /* calls that the kernel refused; their datagrams were not numbered */
    uint64_t first_utc_ns; /* of the start */
    double seconds;
    double forgiven_ns;
};

static uint8_t run[RUN_MAX][DATAGRAM_LEN];

/* Numbers and stamps the next `count` datagrams. */
static void stamp_next(const struct report *report, unsigned count)
{
    uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    for (unsigned i = 0; i < count; i++)
        stream_stamp(run[i], (struct stamp){.sequence = report->sent + i, .sent_ns = now_ns});
}

/* Sends each datagram as a packet of its own; returns how many the kernel took, -1 for none. */
static int send_apart(int socket, unsigned count)
{
    static struct iovec parts[RUN_MAX];
    static struct mmsghdr messages[RUN_MAX];
    for (unsigned i = 0; i < count; i++) {
        parts[i] = (struct iovec){.iov_base = run[i], .iov_len = DATAGRAM_LEN};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    return sendmmsg(socket, messages, count, 0);
}

/* Sends the datagrams as one packet, which the kernel cuts where it must; returns as above. */
static int send_joined(int socket, unsigned count)
{
    return send_segmented(socket, run, (size_t)count * DATAGRAM_LEN, DATAGRAM_LEN) < 0 ? -1 : (int)count;
}

static void send_run(const struct load *load, struct report *report, unsigned count)
{
    stamp_next(report, count);
    int sent = load->joined ? send_joined(load->socket, count) : send_apart(load->socket, count);
    if (sent >= 0)
        report->sent += (uint64_t)sent;
    else if (errno == ENOBUFS || errno == ECONNREFUSED)
        report->refused++;
    else
        die("send");
}

/* Sends what is due at `now_ns`, the first datagram of it since `due_ns`; returns when the next one is due. */
static double send_due(const struct load *load, struct report *report, double due_ns, double now_ns)
{
    while (due_ns <= now_ns) {
        double due = 1 + (now_ns - due_ns) / load->interval_ns;
        unsigned count = due < RUN_MAX ? (unsigned)due : RUN_MAX;
        send_run(load, report, count);
        due_ns += load->interval_ns * count;
    }
    return due_ns;
}

static struct report send_for(const struct load *load, double duration_ns)
{
    double start_ns = (double)clock_ns(CLOCK_MONOTONIC), due_ns = start_ns, now_ns = start_ns;
    struct report report = {.first_utc_ns = clock_ns(CLOCK_REALTIME)};
    while (now_ns < start_ns + duration_ns) {
        sleep_until((uint64_t)(due_ns + load->tick_ns));
        now_ns = (double)clock_ns(CLOCK_MONOTONIC);
        double late_ns = now_ns - due_ns - load->tick_ns - LATE_MAX_NS;
        if (late_ns > 0) {
            report.forgiven_ns += late_ns;
            due_ns += late_ns;
        }
        due_ns = send_due(load, &report, due_ns, now_ns);
    }
    report.seconds = (now_ns - start_ns) / NS_PER_S;
    return report;
}

static void print_report(const struct report *report)
{
    printf("{\"sent\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"rate\":%.0f,\"forgiven_ms\":%.1f,\"first_utc_ns\":%" PRIu64
           ",\"cpu_ns\":%" PRIu64 "}\n",
           report->sent, report->refused, (double)report->sent / report->seconds, report->forgiven_ns / 1e6,
           report->first_utc_ns, clock_ns(CLOCK_PROCESS_CPUTIME_ID));
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fputs("usage: source GROUP:PORT RATE SECONDS TICK_US apart|joined\n", stderr);
        return 2;
    }
    double rate = atof(argv[2]), seconds = atof(argv[3]), tick_us = atof(argv[4]);
    if (rate <= 0 || seconds <= 0 || tick_us < 0) {
        fputs("source: rate and time must be above 0, the tick not below\n", stderr);
        return 2;
    }
    struct load load = {
        .socket = open_sender(argv[1]),
        .interval_ns = NS_PER_S / rate,
        .tick_ns = tick_us * NS_PER_US,
        .joined = strcmp(argv[5], "joined") == 0,
    };
    for (int i = 0; i < RUN_MAX; i++)
        stream_prepare(run[i]);
    prctl(PR_SET_TIMERSLACK, 1UL);
    struct report report = send_for(&load, seconds * NS_PER_S);
    print_report(&report);
    return 0;
}
