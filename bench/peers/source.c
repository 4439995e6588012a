/*
 * Load generator: sends the test stream to a group, or one to each of many, at a given rate for a given time.
 *
 *     source GROUP:PORT RATE SECONDS TICK_US apart|joined [FLOWS]
 *
 * FLOWS go to as many groups from the one named on, in turn, datagram by datagram; they are sent "apart". RATE is in datagrams
 * a second, all flows together. Once a tick, what has become due is sent: "apart" as packets of their own (sendmmsg),
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
    FLOWS_MAX = 4096,
    LATE_MAX_NS = 500 * NS_PER_US,          /* a longer delay of ours is forgiven: to make up for it would be a burst */
};

struct load {
    int socket;
    double interval_ns; /* between two datagrams */
    double tick_ns;     /* what is due in that time leaves together */
    bool joined;
    unsigned flows;
};

struct report {
    uint64_t sent;    /* datagrams, all flows together */
    uint64_t refused; /* calls that the kernel refused; their datagrams were not numbered */
    uint64_t first_utc_ns; /* of the start */
    double seconds;
    double forgiven_ns;
};

static uint8_t run[RUN_MAX][DATAGRAM_LEN];
static struct sockaddr_in groups[FLOWS_MAX];

/* Numbers and stamps the next `count` datagrams. */
static void stamp_next(const struct load *load, const struct report *report, unsigned count)
{
    uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    for (unsigned i = 0; i < count; i++) {
        uint64_t number = report->sent + i;
        stream_stamp(run[i], (struct stamp){.flow = number % load->flows, .sequence = number / load->flows, .sent_ns = now_ns});
    }
}

/* Sends each datagram as a packet of its own, the first to group number `first`; returns how many the kernel took, -1 for
 * none. */
static int send_apart(const struct load *load, unsigned first, unsigned count)
{
    static struct iovec parts[RUN_MAX];
    static struct mmsghdr messages[RUN_MAX];
    for (unsigned i = 0; i < count; i++) {
        parts[i] = (struct iovec){.iov_base = run[i], .iov_len = DATAGRAM_LEN};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
        if (load->flows > 1) {
            messages[i].msg_hdr.msg_name = &groups[(first + i) % load->flows];
            messages[i].msg_hdr.msg_namelen = sizeof groups[0];
        }
    }
    return sendmmsg(load->socket, messages, count, 0);
}

/* Sends the datagrams as one packet, which the kernel cuts where it must; returns as above. */
static int send_joined(int socket, unsigned count)
{
    return send_segmented(socket, run, (size_t)count * DATAGRAM_LEN, DATAGRAM_LEN) < 0 ? -1 : (int)count;
}

static void send_run(const struct load *load, struct report *report, unsigned count)
{
    unsigned first = (unsigned)(report->sent % load->flows);
    stamp_next(load, report, count);
    int sent = load->joined ? send_joined(load->socket, count) : send_apart(load, first, count);
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
    if (argc < 6 || argc > 7) {
        fputs("usage: source GROUP:PORT RATE SECONDS TICK_US apart|joined [FLOWS]\n", stderr);
        return 2;
    }
    double rate = atof(argv[2]), seconds = atof(argv[3]), tick_us = atof(argv[4]);
    int flows = argc == 7 ? atoi(argv[6]) : 1;
    if (rate <= 0 || seconds <= 0 || tick_us < 0 || flows < 1 || flows > FLOWS_MAX) {
        fprintf(stderr, "source: rate and time must be above 0, the tick not below, the flows 1 to %d\n", FLOWS_MAX);
        return 2;
    }
    struct load load = {
        .socket = open_sender(argv[1]),
        .interval_ns = NS_PER_S / rate,
        .tick_ns = tick_us * NS_PER_US,
        .joined = flows == 1 && strcmp(argv[5], "joined") == 0,
        .flows = (unsigned)flows,
    };
    for (unsigned i = 0; i < load.flows; i++)
        groups[i] = group_after(parse_group(argv[1]), i);
    for (int i = 0; i < RUN_MAX; i++)
        stream_prepare(run[i]);
    prctl(PR_SET_TIMERSLACK, 1UL);
    struct report report = send_for(&load, seconds * NS_PER_S);
    print_report(&report);
    return 0;
}
