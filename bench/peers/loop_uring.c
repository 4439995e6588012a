/*
 * Baseline: io_uring. One receive request delivers every datagram that arrives into the next of a ring of buffers, which lie
 * end to end; what has arrived is sent as runs of equal length, each run with one GSO request, and all requests and waits
 * of a round are one system call. Usage: loop_uring IN OUT
 */
#define _GNU_SOURCE
#include "net.h"
#include "stream.h"

#include <errno.h>
#include <liburing.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUFFERS = 1024, /* a power of two */
    QUEUE_LEN = 256,
    GROUP = 0,
    RUN_MAX = GSO_BYTES_MAX / DATAGRAM_LEN,
    RECEIVED = BUFFERS, /* user data of the receive request; that of a send is the run's first buffer */
};

/* A run that is being sent: buffers from one on. It is known by the first of them. */
struct run {
    int count;
    struct iovec part;
    struct msghdr message;
    char control[CMSG_SPACE(sizeof(uint16_t))];
};

static char slots[BUFFERS][DATAGRAM_LEN];
static struct run runs[BUFFERS];
static struct io_uring ring;
static struct io_uring_buf_ring *buffers;
static int in, out;

/* Buffers of the run that is being gathered, all full but perhaps the last. */
static int gathered_first, gathered_count;
static size_t gathered_len;

static struct io_uring_sqe *next_request(void)
{
    struct io_uring_sqe *request = io_uring_get_sqe(&ring);
    while (request == NULL) {
        if (io_uring_submit(&ring) < 0)
            die("io_uring_submit");
        request = io_uring_get_sqe(&ring);
    }
    return request;
}

static void request_receive(void)
{
    struct io_uring_sqe *request = next_request();
    io_uring_prep_recv_multishot(request, in, NULL, 0, 0);
    request->flags |= IOSQE_BUFFER_SELECT;
    request->buf_group = GROUP;
    io_uring_sqe_set_data64(request, RECEIVED);
}

static void give_back(int first, int count)
{
    for (int i = 0; i < count; i++)
        io_uring_buf_ring_add(buffers, slots[first + i], DATAGRAM_LEN, (unsigned short)(first + i),
                              io_uring_buf_ring_mask(BUFFERS), i);
    io_uring_buf_ring_advance(buffers, count);
}

static void send_gathered(void)
{
    struct run *run = &runs[gathered_first];
    if (gathered_count == 0)
        return;
    run->count = gathered_count;
    run->part = (struct iovec){.iov_base = slots[gathered_first], .iov_len = gathered_len};
    run->message = (struct msghdr){.msg_iov = &run->part, .msg_iovlen = 1};
    if (gathered_count > 1) {
        uint16_t segment = DATAGRAM_LEN;
        run->message.msg_control = run->control;
        run->message.msg_controllen = sizeof run->control;
        struct cmsghdr *c = CMSG_FIRSTHDR(&run->message);
        *c = (struct cmsghdr){.cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(sizeof segment)};
        memcpy(CMSG_DATA(c), &segment, sizeof segment);
    }
    struct io_uring_sqe *request = next_request();
    io_uring_prep_sendmsg(request, out, &run->message, 0);
    io_uring_sqe_set_data64(request, (uint64_t)gathered_first);
    gathered_count = 0;
    gathered_len = 0;
}

static void gather(int buffer, int length)
{
    bool follows = gathered_count > 0 && buffer == gathered_first + gathered_count && gathered_count < RUN_MAX &&
                   gathered_len == (size_t)gathered_count * DATAGRAM_LEN;
    if (!follows) {
        send_gathered();
        gathered_first = buffer;
    }
    gathered_count++;
    gathered_len += (size_t)length;
}

static void take(const struct io_uring_cqe *done)
{
    if (done->user_data != RECEIVED) {
        if (done->res < 0)
            die("sendmsg");
        give_back((int)done->user_data, runs[done->user_data].count);
        return;
    }
    if (done->res >= 0)
        gather((int)(done->flags >> IORING_CQE_BUFFER_SHIFT), done->res);
    else if (done->res != -ENOBUFS)
        die("recv");
    if (!(done->flags & IORING_CQE_F_MORE))
        request_receive();
}

static void open_ring(void)
{
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
        .cq_entries = 4 * BUFFERS,
    };
    if (io_uring_queue_init_params(QUEUE_LEN, &ring, &params) < 0)
        die("io_uring_setup");
    if (posix_memalign((void **)&buffers, 4096, BUFFERS * sizeof(struct io_uring_buf)) != 0)
        die("posix_memalign");
    struct io_uring_buf_reg registration = {
        .ring_addr = (uintptr_t)buffers, .ring_entries = BUFFERS, .bgid = GROUP};
    io_uring_buf_ring_init(buffers);
    if (io_uring_register_buf_ring(&ring, &registration, 0) < 0)
        die("io_uring_register");
    give_back(0, BUFFERS);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    in = open_receiver(argv[1]);
    out = open_sender(argv[2]);
    ask_receive_buffer(in, LOOP_RECEIVE_BUFFER);
    open_ring();
    request_receive();
    for (;;) {
        struct io_uring_cqe *done;
        unsigned head, count = 0;
        if (io_uring_submit_and_wait(&ring, 1) < 0)
            die("io_uring_enter");
        io_uring_for_each_cqe(&ring, head, done)
        {
            take(done);
            count++;
        }
        io_uring_cq_advance(&ring, count);
        send_gathered();
    }
}
