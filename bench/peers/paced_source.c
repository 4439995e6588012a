/*
 * Load generator for `pacing`: sends a transport stream of constant rate to many groups, each datagram late by a random
 * time, as a network with jitter delivers it.
 *
 *     paced_source FILE FIRST_GROUP:PORT GROUPS BITS_A_SECOND SECONDS JITTER_US
 *
 * The groups follow each other in their last byte, and their datagrams are due in turn, evenly spread. A datagram leaves up
 * to JITTER_US after it was due, none before the one in front of it. Prints one line of JSON.
 */
#define _GNU_SOURCE
#include "net.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

enum {
    GROUPS_MAX = 250,
    BATCH = 64,
    TICK_NS = 200 * NS_PER_US, /* what is due in that time leaves together, of all groups */
};

struct flow {
    struct sockaddr_in address;
    double offset_ns;  /* of its first datagram */
    double leaves_ns;  /* its next one, after the start */
    uint64_t sequence; /* of that one */
};

struct load {
    int socket;
    double interval_ns, jitter_ns;
    uint8_t *file;
    uint64_t datagrams; /* in the file */
    int flows;
    struct flow flow[GROUPS_MAX];
};

static struct {
    struct mmsghdr messages[BATCH];
    struct iovec parts[BATCH];
    unsigned count;
    uint64_t sent, refused;
} out;

static void flush(int socket)
{
    unsigned done = 0;
    while (done < out.count) {
        int sent = sendmmsg(socket, out.messages + done, out.count - done, 0);
        if (sent < 0 && errno != ENOBUFS && errno != ECONNREFUSED)
            die("sendmmsg");
        out.sent += sent > 0 ? (uint64_t)sent : 0;
        out.refused += sent < 0;
        done += sent > 0 ? (unsigned)sent : 1;
    }
    out.count = 0;
}

static void send_next(const struct load *load, struct flow *flow)
{
    unsigned i = out.count++;
    out.parts[i] = (struct iovec){.iov_base = load->file + flow->sequence * DATAGRAM_LEN, .iov_len = DATAGRAM_LEN};
    out.messages[i].msg_hdr = (struct msghdr){
        .msg_iov = &out.parts[i], .msg_iovlen = 1, .msg_name = &flow->address, .msg_namelen = sizeof flow->address};
    if (out.count == BATCH)
        flush(load->socket);
}

static void schedule(const struct load *load, struct flow *flow)
{
    double due_ns = flow->offset_ns + (double)flow->sequence * load->interval_ns + load->jitter_ns * drand48();
    if (due_ns > flow->leaves_ns)
        flow->leaves_ns = due_ns;
}

/* Sends what leaves by `now_ns` after the start; false once the file is over. */
static bool send_due(struct load *load, double now_ns)
{
    bool is_over = false;
    for (int i = 0; i < load->flows; i++) {
        struct flow *flow = &load->flow[i];
        for (; flow->leaves_ns <= now_ns && flow->sequence < load->datagrams; flow->sequence++, schedule(load, flow))
            send_next(load, flow);
        is_over |= flow->sequence == load->datagrams;
    }
    flush(load->socket);
    return !is_over;
}

static void open_file(struct load *load, const char *path)
{
    struct stat stat;
    int file = open(path, O_RDONLY);
    if (file < 0 || fstat(file, &stat) != 0)
        die(path);
    load->datagrams = (uint64_t)stat.st_size / DATAGRAM_LEN;
    load->file = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (load->file == MAP_FAILED)
        die("mmap");
}

static void prepare_flows(struct load *load, const char *first_group)
{
    struct sockaddr_in address = parse_group(first_group);
    for (int i = 0; i < load->flows; i++) {
        struct flow *flow = &load->flow[i];
        flow->address = address;
        flow->offset_ns = load->interval_ns * i / load->flows;
        schedule(load, flow);
        address.sin_addr.s_addr = htonl(ntohl(address.sin_addr.s_addr) + 1);
    }
}

int main(int argc, char **argv)
{
    static struct load load;
    if (argc != 7 || (load.flows = atoi(argv[3])) < 1 || load.flows > GROUPS_MAX || atof(argv[4]) <= 0) {
        fputs("usage: paced_source FILE FIRST_GROUP:PORT GROUPS(1..250) BITS_A_SECOND SECONDS JITTER_US\n", stderr);
        return 2;
    }
    load.interval_ns = DATAGRAM_LEN * 8.0 * NS_PER_S / atof(argv[4]);
    load.jitter_ns = atof(argv[6]) * NS_PER_US;
    load.socket = open_unconnected_sender();
    open_file(&load, argv[1]);
    prepare_flows(&load, argv[2]);
    prctl(PR_SET_TIMERSLACK, 1UL);
    uint64_t start_ns = clock_ns(CLOCK_MONOTONIC), end_ns = start_ns + (uint64_t)(atof(argv[5]) * NS_PER_S);
    for (uint64_t wake_ns = start_ns; wake_ns < end_ns; wake_ns += TICK_NS) {
        sleep_until(wake_ns);
        if (!send_due(&load, (double)(clock_ns(CLOCK_MONOTONIC) - start_ns)))
            break;
    }
    printf("{\"sent\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"cpu_ns\":%" PRIu64 "}\n", out.sent, out.refused,
           clock_ns(CLOCK_PROCESS_CPUTIME_ID));
    return 0;
}
