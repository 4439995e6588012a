/* Baseline: one recv and one send a datagram, the relay that anybody writes first. Usage: loop_recv_send IN OUT */
#include "net.h"

int main(int argc, char **argv)
{
    static char datagram[GSO_BYTES_MAX];
    if (argc != 3)
        return 2;
    int in = open_receiver(argv[1]), out = open_sender(argv[2]);
    ask_receive_buffer(in, LOOP_RECEIVE_BUFFER);
    for (;;) {
        ssize_t length = recv(in, datagram, sizeof datagram, 0);
        if (length < 0)
            die("recv");
        if (send(out, datagram, (size_t)length, 0) < 0)
            die("send");
    }
}
