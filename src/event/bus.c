/*
 * bus.c: the list of listeners, and posting to them.
 *
 * The lock is held while listeners are called: that is what makes events come one at a time, and in one order for every
 * listener. A listener that adds or removes listeners finds the lock held by its own thread; `posting` tells so.
 *
 * Interface: cei_bus_open, cei_bus_close, cei_bus_add, cei_bus_remove, cei_bus_post
 */
#include "event/bus.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include <assert.h>
#include <string.h>

enum { ROOM_MIN = 4, LISTENERS_MAX = 1024 }; /* a program that adds one per job and forgets it is told */

/* The bus whose listeners this thread is calling; NULL: none. */
static _Thread_local cei_bus *posting;

void cei_bus_open(cei_bus *bus)
{
    *bus = (cei_bus){0};
    cei_lock_open(&bus->lock);
}

void cei_bus_close(cei_bus *bus)
{
    cei_lock_close(&bus->lock);
    cei_free(bus->entries);
    bus->entries = NULL;
    atomic_store_explicit(&bus->count, 0, memory_order_relaxed);
}

static void take(cei_bus *bus)
{
    if (posting != bus) {
        cei_lock_take(&bus->lock);
    }
}

static void give(cei_bus *bus)
{
    if (posting != bus) {
        cei_lock_give(&bus->lock);
    }
}

static ce_status add_locked(cei_bus *bus, cei_bus_entry entry)
{
    const uint32_t count = atomic_load_explicit(&bus->count, memory_order_relaxed);
    if (count == LISTENERS_MAX) {
        return cei_fail(CE_INVALID, "a context has at most %d listeners", LISTENERS_MAX);
    }
    if (count == bus->room) {
        const uint32_t room = bus->room ? bus->room * 2 : ROOM_MIN;
        cei_bus_entry *entries = cei_realloc(bus->entries, room * sizeof *entries);
        if (!entries) {
            return CE_MEMORY;
        }
        bus->entries = entries;
        bus->room = room;
    }
    bus->entries[count] = entry;
    atomic_store_explicit(&bus->count, count + 1, memory_order_relaxed);
    return CE_OK;
}

ce_status cei_bus_add(cei_bus *bus, ce_listener *listener, void *arg)
{
    if (!listener) {
        return cei_fail(CE_INVALID, "ce_add_listener: needs a listener, has NULL");
    }
    take(bus);
    ce_status status = add_locked(bus, (cei_bus_entry){listener, arg});
    give(bus);
    return status;
}

static void remove_locked(cei_bus *bus, cei_bus_entry entry)
{
    const uint32_t count = atomic_load_explicit(&bus->count, memory_order_relaxed);
    for (uint32_t index = 0; index < count; index++) {
        if (bus->entries[index].listener == entry.listener && bus->entries[index].arg == entry.arg) {
            memmove(bus->entries + index, bus->entries + index + 1, (count - index - 1) * sizeof *bus->entries);
            atomic_store_explicit(&bus->count, count - 1, memory_order_relaxed);
            bus->next -= index < bus->next;
            return;
        }
    }
}

void cei_bus_remove(cei_bus *bus, ce_listener *listener, void *arg)
{
    take(bus);
    remove_locked(bus, (cei_bus_entry){listener, arg});
    give(bus);
}

void cei_bus_post(cei_bus *bus, ce_event *event)
{
    assert(posting != bus); /* a listener that runs a job would wait for itself */
    cei_lock_take(&bus->lock);
    cei_bus *outer = posting;
    posting = bus;
    event->time_ms = cei_clock_wall_ms();
    for (bus->next = 0; bus->next < atomic_load_explicit(&bus->count, memory_order_relaxed);) {
        const cei_bus_entry entry = bus->entries[bus->next++];
        entry.listener(event, entry.arg);
    }
    bus->next = 0;
    posting = outer;
    cei_lock_give(&bus->lock);
}
