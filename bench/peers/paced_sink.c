/*
 * Analyser for `pacing`: receives many groups until SIGTERM, then says how far their datagrams left from when the stream's
 * own clock wants them, as one line of JSON.
 *
 *     paced_sink FIRST_GROUP:PORT GROUPS DATAGRAMS_MAX SKIP_SECONDS
 *
 * The time of a datagram is the kernel's receive stamp: over a veth it is taken within the sender's call. Its ideal time is
 * that of its first packet between the PCRs around it. What comes in the first SKIP_SECONDS of a group is left out.
 */
#define _GNU_SOURCE
#include "net.h"
#include "pcr.h"
#include "stream.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GROUPS_MAX = 250,
    BATCH = 64,
    POLL_NS = 5000 * NS_PER_US,
    RECEIVE_BUFFER = 32 << 20,
    SLOT_LEN = 2048,
    CONTROL_LEN = 128,
};

/* A gap shorter than this share of the ideal one: the datagrams left back to back. */
static const double BACK_TO_BACK = 0.1;

struct group {
    int socket;
    uint32_t dropped; /* by the kernel, our own buffer being full */
    struct pcr_track track;
    size_t count;
    struct arrival {
        uint64_t received_ns, packet;
    } *arrivals;
};

/* Deviations of all groups together, in nanoseconds. */
struct sample {
    double *values;
    size_t count;
};

static struct group groups[GROUPS_MAX];
static size_t datagrams_max;
static double skip_ns;
static volatile sig_atomic_t stopping;

static void stop(int signal)
{
    (void)signal;
    stopping = 1;
}

static void open_group(struct group *group, const char *address)
{
    int on = 1, bytes = RECEIVE_BUFFER;
    group->socket = open_receiver(address);
    if (setsockopt(group->socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
        die("SO_RCVBUFFORCE");
    if (setsockopt(group->socket, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0)
        die("SO_TIMESTAMPNS");
    if (setsockopt(group->socket, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on) != 0)
        die("SO_RXQ_OVFL");
    group->arrivals = calloc(datagrams_max, sizeof *group->arrivals);
    if (group->arrivals == NULL)
        die("calloc");
}

static uint64_t receive_stamp(struct group *group, struct msghdr *message)
{
    struct timespec stamp = {0};
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
            memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL)
            memcpy(&group->dropped, CMSG_DATA(c), sizeof group->dropped);
    }
    return timespec_ns(stamp);
}

static void note(struct group *group, uint64_t received_ns, const uint8_t *bytes, size_t length)
{
    if (group->count == datagrams_max)
        return;
    group->arrivals[group->count++] = (struct arrival){.received_ns = received_ns, .packet = group->track.packets};
    for (size_t at = 0; at + PACKET_LEN <= length; at += PACKET_LEN)
        pcr_observe(&group->track, bytes + at);
}

static bool take_batch(struct group *group)
{
    static uint8_t slots[BATCH][SLOT_LEN];
    static char controls[BATCH][CONTROL_LEN];
    static struct mmsghdr messages[BATCH];
    static struct iovec parts[BATCH];
    for (int i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){.iov_base = slots[i], .iov_len = SLOT_LEN};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1, .msg_control = controls[i],
                                              .msg_controllen = CONTROL_LEN};
    }
    int count = recvmmsg(group->socket, messages, BATCH, MSG_DONTWAIT, NULL);
    if (count < 0 && errno != EAGAIN && errno != EINTR)
        die("recvmmsg");
    for (int i = 0; i < count; i++)
        note(group, receive_stamp(group, &messages[i].msg_hdr), slots[i], messages[i].msg_len);
    return count == BATCH;
}

static void add(struct sample *sample, double value)
{
    sample->values[sample->count++] = fabs(value);
}

/* Adds how much longer or shorter each gap was than the ideal one; returns how many there were of none. */
static uint64_t add_gaps(const struct group *group, struct sample *sample)
{
    uint64_t back_to_back = 0;
    for (size_t i = 1; i < group->count; i++) {
        const struct arrival *last = &group->arrivals[i - 1], *this = &group->arrivals[i];
        double from, to, gap_ns = (double)(this->received_ns - last->received_ns);
        bool is_early = (double)(last->received_ns - group->arrivals[0].received_ns) < skip_ns;
        if (is_early || !pcr_time_ns(&group->track, last->packet, &from) || !pcr_time_ns(&group->track, this->packet, &to))
            continue;
        add(sample, gap_ns - (to - from));
        back_to_back += gap_ns < (to - from) * BACK_TO_BACK;
    }
    return back_to_back;
}

/* Adds the distance of each datagram from the line that arrival is of media time: its clock may run as it will. */
static void add_jitter(const struct group *group, struct sample *sample)
{
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0, media;
    for (int pass = 0; pass < 2; pass++) {
        double slope = pass ? (n * sxy - sx * sy) / (n * sxx - sx * sx) : 0, start = pass ? (sy - slope * sx) / n : 0;
        for (size_t i = 0; i < group->count; i++) {
            double y = (double)(group->arrivals[i].received_ns - group->arrivals[0].received_ns);
            if (y < skip_ns || !pcr_time_ns(&group->track, group->arrivals[i].packet, &media))
                continue;
            if (pass == 1)
                add(sample, y - (start + slope * media));
            n += !pass, sx += pass ? 0 : media, sy += pass ? 0 : y;
            sxx += pass ? 0 : media * media, sxy += pass ? 0 : media * y;
        }
    }
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The share-th value in microseconds, of a sorted sample. */
static double rank_us(const struct sample *sample, double share)
{
    if (sample->count == 0)
        return 0;
    return sample->values[(size_t)(share * (double)(sample->count - 1))] / NS_PER_US;
}

static struct sample new_sample(size_t most)
{
    struct sample sample = {.values = calloc(most + 1, sizeof *sample.values)};
    if (sample.values == NULL)
        die("calloc");
    return sample;
}

static void print_report(int count)
{
    uint64_t datagrams = 0, back_to_back = 0, dropped = 0;
    for (int i = 0; i < count; i++)
        datagrams += groups[i].count;
    struct sample gaps = new_sample(datagrams), jitter = new_sample(datagrams), accuracy = new_sample(datagrams);
    for (int i = 0; i < count; i++) {
        back_to_back += add_gaps(&groups[i], &gaps);
        add_jitter(&groups[i], &jitter);
        for (size_t k = 2; k < groups[i].track.count && accuracy.count < datagrams; k++)
            add(&accuracy, pcr_accuracy_ns(&groups[i].track, k));
        dropped += groups[i].dropped;
    }
    qsort(gaps.values, gaps.count, sizeof *gaps.values, by_size);
    qsort(jitter.values, jitter.count, sizeof *jitter.values, by_size);
    qsort(accuracy.values, accuracy.count, sizeof *accuracy.values, by_size);
    printf("{\"datagrams\":%" PRIu64 ",\"sink_dropped\":%" PRIu64 ",\"measured\":%zu,\"back_to_back\":%" PRIu64
           ",\"gap_p50_us\":%.2f,\"gap_p99_us\":%.1f,\"gap_p999_us\":%.1f,\"gap_max_us\":%.0f,\"jitter_p50_us\":%.2f,"
           "\"jitter_p99_us\":%.1f,\"jitter_max_us\":%.0f,\"pcr_accuracy_ns\":%.0f}\n",
           datagrams, dropped, gaps.count, back_to_back, rank_us(&gaps, 0.5), rank_us(&gaps, 0.99), rank_us(&gaps, 0.999),
           rank_us(&gaps, 1), rank_us(&jitter, 0.5), rank_us(&jitter, 0.99), rank_us(&jitter, 1),
           rank_us(&accuracy, 1) * NS_PER_US);
}

int main(int argc, char **argv)
{
    int count = argc == 5 ? atoi(argv[2]) : 0;
    if (count < 1 || count > GROUPS_MAX || (datagrams_max = strtoull(argv[3], NULL, 10)) == 0) {
        fputs("usage: paced_sink FIRST_GROUP:PORT GROUPS(1..250) DATAGRAMS_MAX SKIP_SECONDS\n", stderr);
        return 2;
    }
    skip_ns = atof(argv[4]) * NS_PER_S;
    for (int i = 0; i < count; i++) {
        char address[GROUP_TEXT_LEN];
        following_group(argv[1], i, address);
        open_group(&groups[i], address);
    }
    struct sigaction on_stop = {.sa_handler = stop};
    sigaction(SIGTERM, &on_stop, NULL);
    for (bool last = false; !last;) {
        last = stopping;
        for (int i = 0; i < count; i++)
            while (take_batch(&groups[i]))
                ;
        nanosleep(&(struct timespec){.tv_nsec = POLL_NS}, NULL);
    }
    print_report(count);
    return 0;
}
