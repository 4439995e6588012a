/*
 * Baseline: the kernel joins datagrams on receipt (GRO) and cuts them on sending (GSO); a run that came in joined goes
 * out joined, each with one call. Nothing is joined here. Usage: loop_gro IN OUT
 */
#define _GNU_SOURCE
#include "net.h"

int main(int argc, char **argv)
{
    static char run[GSO_BYTES_MAX];
    char control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {.iov_base = run, .iov_len = sizeof run};
    if (argc != 3)
        return 2;
    int in = open_receiver(argv[1]), out = open_sender(argv[2]);
    ask_receive_buffer(in, LOOP_RECEIVE_BUFFER);
    enable_gro(in);
    for (;;) {
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                                 .msg_controllen = sizeof control};
        ssize_t length = recvmsg(in, &message, 0);
        if (length < 0)
            die("recvmsg");
        if (send_segmented(out, run, (size_t)length, segment_len(&message, (size_t)length)) < 0)
            die("sendmsg");
    }
}
