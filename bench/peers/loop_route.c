/*
 * Baseline: the kernel's own multicast routing (IP_MROUTE), the floor for any relay of sockets: what arrives for the group
 * on one device leaves on the other, unseen by user space and still with the group it came with.
 * Usage: loop_route SOURCE GROUP:PORT IN_DEVICE OUT_DEVICE
 */
#define _GNU_SOURCE
#include "net.h"

#include <arpa/inet.h>
#include <linux/mroute.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { IN_VIF, OUT_VIF };

static void set_mroute(int router, int option, const void *value, socklen_t length, const char *what)
{
    if (setsockopt(router, IPPROTO_IP, option, value, length) != 0)
        die(what);
}

static void add_device(int router, vifi_t vif, const char *device)
{
    struct vifctl entry = {.vifc_vifi = vif, .vifc_flags = VIFF_USE_IFINDEX, .vifc_threshold = 1};
    entry.vifc_lcl_ifindex = (int)if_nametoindex(device);
    set_mroute(router, MRT_ADD_VIF, &entry, sizeof entry, device);
}

static void add_route(int router, const char *source, struct in_addr group)
{
    struct mfcctl entry = {.mfcc_mcastgrp = group, .mfcc_parent = IN_VIF};
    if (inet_pton(AF_INET, source, &entry.mfcc_origin) != 1)
        die(source);
    entry.mfcc_ttls[OUT_VIF] = 1;
    set_mroute(router, MRT_ADD_MFC, &entry, sizeof entry, "MRT_ADD_MFC");
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fputs("usage: loop_route SOURCE GROUP:PORT IN_DEVICE OUT_DEVICE\n", stderr);
        return 2;
    }
    int router = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_IGMP);
    if (router < 0)
        die("socket");
    set_mroute(router, MRT_INIT, &(int){1}, sizeof(int), "MRT_INIT");
    add_device(router, IN_VIF, argv[3]);
    add_device(router, OUT_VIF, argv[4]);
    add_route(router, argv[1], parse_group(argv[2]).sin_addr);
    for (;;)
        pause();
}
