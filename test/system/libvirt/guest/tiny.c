/*
 * A guest for tests: a multiboot program of a few KiB that needs 2 MiB of memory, no kernel and no disk, and no CPU while
 * idle. It drives one virtio-serial device (legacy PCI, virtio 1.0 spec sections 4.1.4.8 and 5.3) and speaks as much of
 * the QEMU guest agent's protocol as libvirt asks for; besides, it does on command what real guests do by misfortune.
 *
 * Words on its command line: "hang" (the agent's port is open, and it never answers), "deaf" (never opens the port).
 * Commands beyond guest-sync, guest-sync-delimited, guest-ping and guest-shutdown: see obey().
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

/* ---- ports, PCI, the serial console ---- */

static void out8(u16 port, u8 value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static void out16(u16 port, u16 value) { __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port)); }
static void out32(u16 port, u32 value) { __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port)); }
static u8 in8(u16 port) { u8 value; __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port)); return value; }
static u16 in16(u16 port) { u16 value; __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port)); return value; }
static u32 in32(u16 port) { u32 value; __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port)); return value; }

static u32 pci_address(int slot, int offset) { return 0x80000000u | (u32)slot << 11 | (u32)(offset & 0xfc); }
static u32 pci_read(int slot, int offset) { out32(0xcf8, pci_address(slot, offset)); return in32(0xcfc); }
static void pci_write(int slot, int offset, u32 value) { out32(0xcf8, pci_address(slot, offset)); out32(0xcfc, value); }

static int pci_find(u32 device_and_vendor) {
  for (int slot = 0; slot < 32; slot++)
    if (pci_read(slot, 0) == device_and_vendor) return slot;
  return -1;
}

static void say(const char *text) { while (*text) out8(0x3f8, (u8)*text++); }

void *memcpy(void *to, const void *from, u32 length) {
  for (u32 at = 0; at < length; at++) ((u8 *)to)[at] = ((const u8 *)from)[at];
  return to;
}
void *memset(void *to, int value, u32 length) {
  for (u32 at = 0; at < length; at++) ((u8 *)to)[at] = (u8)value;
  return to;
}

/* The text after the first occurrence of `word`, or 0. */
static const char *after(const char *text, const char *word) {
  for (; *text; text++) {
    int length = 0;
    while (word[length] && text[length] == word[length]) length++;
    if (!word[length]) return text + length;
  }
  return 0;
}

/* ---- virtqueues ---- */

#define QUEUES 8       /* control and two ports */
#define SLOTS 8        /* buffers in use of each queue */
#define SLOT_BYTES 1024
#define QUEUE_BYTES 16384
#define CONTROL_IN 2
#define CONTROL_OUT 3

struct descriptor { u64 address; u32 length; u16 flags, next; };
struct available { u16 flags, index, ring[]; };
struct used_entry { u32 id, length; };
struct used { u16 flags, index; struct used_entry ring[]; };

struct queue {
  u16 size, seen, next_slot;
  struct descriptor *descriptors;
  struct available *available;
  volatile struct used *used;
};

static u8 queue_memory[QUEUES][QUEUE_BYTES] __attribute__((aligned(4096)));
static u8 buffers[QUEUES][SLOTS][SLOT_BYTES];
static struct queue queues[QUEUES];
static u16 virtio; /* I/O base; 0 without a device */

enum { GUEST_FEATURES = 4, QUEUE_PAGE = 8, QUEUE_SIZE = 12, QUEUE_SELECT = 14, QUEUE_NOTIFY = 16, STATUS = 18, ISR = 19 };

static void queue_open(int number) {
  struct queue *queue = &queues[number];
  out16(virtio + QUEUE_SELECT, (u16)number);
  queue->size = in16(virtio + QUEUE_SIZE);
  if (queue->size == 0 || queue->size > 256) { queue->size = 0; return; }
  u8 *memory = queue_memory[number];
  u32 first_part = queue->size * 16u + 6u + queue->size * 2u;
  queue->descriptors = (void *)memory;
  queue->available = (void *)(memory + queue->size * 16u);
  queue->used = (void *)(memory + ((first_part + 4095u) & ~4095u));
  out32(virtio + QUEUE_PAGE, (u32)memory >> 12);
}

static void queue_offer(int number, u16 slot, u32 length, u16 flags) {
  struct queue *queue = &queues[number];
  queue->descriptors[slot] = (struct descriptor){(u32)buffers[number][slot], length, flags, 0};
  queue->available->ring[queue->available->index % queue->size] = slot;
  __asm__ volatile("" : : : "memory");
  queue->available->index++;
  out16(virtio + QUEUE_NOTIFY, (u16)number);
}

static void queue_listen(int number) {
  if (queues[number].size)
    for (u16 slot = 0; slot < SLOTS; slot++) queue_offer(number, slot, SLOT_BYTES, 2 /* the device writes */);
}

static int queue_has(int number) { return queues[number].size && queues[number].seen != queues[number].used->index; }

/* Takes one filled buffer; give it back with queue_offer. */
static u16 queue_take(int number, u32 *length) {
  struct queue *queue = &queues[number];
  volatile struct used_entry *entry = &queue->used->ring[queue->seen++ % queue->size];
  *length = entry->length;
  return (u16)entry->id;
}

/* QEMU takes what is written while it is notified, so that a slot is free again long before it is reused. */
static void queue_write(int number, const void *data, u32 length) {
  struct queue *queue = &queues[number];
  if (!queue->size) return;
  u16 slot = queue->next_slot++ % SLOTS;
  memcpy(buffers[number][slot], data, length);
  queue_offer(number, slot, length, 0);
}

/* ---- the virtio-serial device ---- */

enum { DEVICE_READY = 0, PORT_ADD = 1, PORT_READY = 3, PORT_OPEN = 6, PORT_NAME = 7 };
struct control { u32 port; u16 event, value; } __attribute__((packed));

static u32 agent_port; /* 0: none known yet */
static int hung, deaf, reads_disk;

static void tell(u32 port, u16 event, u16 value) {
  struct control message = {port, event, value};
  queue_write(CONTROL_OUT, &message, sizeof message);
}

static int agent_in(void) { return (int)agent_port * 2 + 2; }
static int agent_out(void) { return (int)agent_port * 2 + 3; }
static void answer(const char *text, u32 length) { queue_write(agent_out(), text, length); }

static void on_control(const u8 *bytes, u32 length) {
  struct control message;
  memcpy(&message, bytes, sizeof message);
  if (message.event == PORT_ADD) tell(message.port, PORT_READY, 1);
  if (message.event != PORT_NAME || agent_port || message.port < 1 || message.port > 2) return;
  char name[64];
  u32 end = length - sizeof message;
  if (end > sizeof name - 1) end = sizeof name - 1;
  memcpy(name, bytes + sizeof message, end);
  name[end] = 0;
  if (!after(name, "org.qemu.guest_agent")) return;
  agent_port = message.port;
  if (deaf) return;
  queue_listen(agent_in());
  tell(agent_port, PORT_OPEN, 1);
  say("tiny: agent port open\n");
}

/* ---- the agent ---- */

/* One sector from the first IDE disk, polled: what the host counts as a read. */
static void read_sector(void) {
  out8(0x1f6, 0xe0); out8(0x1f2, 1); out8(0x1f3, 0); out8(0x1f4, 0); out8(0x1f5, 0);
  out8(0x1f7, 0x20);
  for (u32 tries = 0; tries < 1000000; tries++) {
    u8 status = in8(0x1f7);
    if (status == 0xff || status & 1) return;
    if ((status & 0x88) == 8) break;
  }
  for (int word = 0; word < 256; word++) in16(0x1f0);
}

static u32 memory_kib; /* above the first MiB */

/* Each page of the memory that is not used otherwise becomes another one, so that a migration has to move them all. */
static void fill_memory(void) {
  for (u32 page = 0x200000; page < 0x100000 + memory_kib * 1024; page += 4096) *(volatile u32 *)page = page;
}

static void reset(void) { out8(0xcf9, 6); out8(0x64, 0xfe); }
static void power_off(void) { out16(0x604, 0x2000); }

/* No interrupt table, then an interrupt: the processor gives up. */
static void triple_fault(void) {
  struct { u16 limit; u32 base; } __attribute__((packed)) none = {0, 0};
  __asm__ volatile("lidt %0; int3" : : "m"(none));
}

/* Sets the i6300esb watchdog to about a millisecond, and never feeds it. */
static void start_watchdog(void) {
  int slot = pci_find(0x25ab8086);
  if (slot < 0) return;
  pci_write(slot, 4, pci_read(slot, 4) | 2);
  volatile u32 *registers = (u32 *)(pci_read(slot, 0x10) & ~15u);
  for (int timer = 0; timer < 2; timer++) {
    registers[3] = 0x80; registers[3] = 0x86; /* unlocks the next write */
    registers[timer] = 1;
  }
  out32(0xcf8, pci_address(slot, 0x68));
  out8(0xcfc, 2); /* enabled */
}

/* 1 if `line` is a command of this guest's own, which is not answered. */
static int obey(const char *line) {
  if (after(line, "x-hang-reading")) { hung = 1; reads_disk = 1; } /* answers no more, but reads its disk when spoken to */
  else if (after(line, "x-hang")) hung = 1;                        /* answers no more */
  else if (after(line, "x-close")) { hung = 1; tell(agent_port, PORT_OPEN, 0); } /* the agent's end */
  else if (after(line, "x-flap")) { tell(agent_port, PORT_OPEN, 0); tell(agent_port, PORT_OPEN, 1); } /* its restart */
  else if (after(line, "x-panic")) out8(0x505, 1);
  else if (after(line, "x-reset")) reset();
  else if (after(line, "x-triple")) triple_fault();
  else if (after(line, "x-poweroff")) power_off();
  else if (after(line, "x-garbage")) answer("}}{ not json\n", 13);
  else if (after(line, "x-fill")) fill_memory();
  else if (after(line, "x-watchdog")) start_watchdog();
  else if (after(line, "guest-shutdown")) { if (after(line, "reboot")) reset(); else power_off(); }
  else return 0;
  return 1;
}

static void on_line(const char *line) {
  if (reads_disk) read_sector();
  if (hung) return;
  if (after(line, "\"x-")) { say("tiny: told "); say(line); say("\n"); } /* before it may be too late to say anything */
  if (obey(line)) return;
  char text[64];
  u32 length = 0;
  if (after(line, "guest-sync-delimited")) text[length++] = (char)0xff;
  for (const char *from = "{\"return\": "; *from;) text[length++] = *from++;
  const char *id = after(line, "\"id\":");
  if (id && after(line, "guest-sync")) {
    while (*id == ' ') id++;
    while (*id >= '0' && *id <= '9' && length < 40) text[length++] = *id++;
  } else {
    text[length++] = '{';
    text[length++] = '}';
  }
  text[length++] = '}';
  text[length++] = '\n';
  answer(text, length);
}

static void on_agent_bytes(const u8 *bytes, u32 length) {
  static char line[2048];
  static u32 filled;
  for (u32 at = 0; at < length; at++) {
    if (bytes[at] == 0xff) filled = 0; /* guest-sync-delimited's sentinel */
    else if (bytes[at] == '\n') { line[filled] = 0; filled = 0; on_line(line); }
    else if (filled < sizeof line - 1) line[filled++] = (char)bytes[at];
  }
}

static int pending(void) { return queue_has(CONTROL_IN) || (agent_port && !deaf && queue_has(agent_in())); }

static void work(int number, void (*handle)(const u8 *, u32)) {
  while (queue_has(number)) {
    u32 length;
    u16 slot = queue_take(number, &length);
    handle(buffers[number][slot], length);
    queue_offer(number, slot, SLOT_BYTES, 2);
  }
}

/* ---- interrupts and start ---- */

static u64 gdt[] = {0, 0x00cf9a000000ffffull, 0x00cf92000000ffffull};
static u64 idt[64];

/* One for all: the only ones let through are the device's. */
__attribute__((interrupt)) static void on_interrupt(void *frame) {
  (void)frame;
  if (virtio) in8(virtio + ISR);
  out8(0xa0, 0x20);
  out8(0x20, 0x20);
}

static void set_up_interrupts(void) {
  struct { u16 limit; u32 base; } __attribute__((packed)) g = {sizeof gdt - 1, (u32)gdt}, i = {sizeof idt - 1, (u32)idt};
  u32 handler = (u32)on_interrupt;
  for (int vector = 0; vector < 64; vector++)
    idt[vector] = (u64)((handler & 0xffff0000u) | 0x8e00) << 32 | 8u << 16 | (handler & 0xffff);
  __asm__ volatile("lgdt %0; ljmp $8, $1f; 1: mov $16, %%ax; mov %%ax, %%ds; mov %%ax, %%es; mov %%ax, %%ss; lidt %1"
                   : : "m"(g), "m"(i) : "eax");
  /* Both interrupt controllers at vectors 32 and 40, everything masked. */
  static const u8 words[][2] = {{0x20, 0x11}, {0xa0, 0x11}, {0x21, 32}, {0xa1, 40}, {0x21, 4}, {0xa1, 2}, {0x21, 1}, {0xa1, 1}, {0x21, 0xff}, {0xa1, 0xff}};
  for (u32 at = 0; at < sizeof words / 2; at++) out8(words[at][0], words[at][1]);
  /* The timer to one shot, else the host would wake 18 times a second for it. */
  out8(0x43, 0x30); out8(0x40, 1); out8(0x40, 0);
}

static void set_up_serial(void) {
  int slot = pci_find(0x10031af4);
  if (slot < 0) return;
  pci_write(slot, 4, (pci_read(slot, 4) & ~0x400u) | 5); /* I/O and bus master, interrupts on */
  virtio = (u16)(pci_read(slot, 0x10) & ~3u);
  out8(virtio + STATUS, 0);
  out8(virtio + STATUS, 3);               /* acknowledged, driven */
  out32(virtio + GUEST_FEATURES, 2);      /* many ports */
  for (int number = CONTROL_IN; number < QUEUES; number++) queue_open(number);
  out8(virtio + STATUS, 7);
  queue_listen(CONTROL_IN);
  tell(0xffffffffu, DEVICE_READY, 1);
  u8 line = pci_read(slot, 0x3c) & 15;
  u16 mask = (u16)~(1u << line | 4u /* the second controller */);
  out8(0x21, (u8)mask);
  out8(0xa1, (u8)(mask >> 8));
}

void run(u32 magic, const u32 *multiboot) {
  set_up_interrupts();
  const char *words = magic == 0x2badb002u && multiboot[0] & 4 ? (const char *)multiboot[4] : "";
  memory_kib = magic == 0x2badb002u && multiboot[0] & 1 ? multiboot[2] : 0;
  hung = after(words, "hang") != 0;
  deaf = after(words, "deaf") != 0;
  say("tiny: up\n");
  set_up_serial();
  for (;;) {
    if (virtio) {
      work(CONTROL_IN, on_control);
      if (agent_port && !deaf) work(agent_in(), on_agent_bytes);
    }
    /* Nothing may come between looking and sleeping: sti takes effect after the hlt that follows it. */
    __asm__ volatile("cli");
    if (virtio && pending()) __asm__ volatile("sti");
    else __asm__ volatile("sti; hlt");
  }
}

__asm__(".text\n"
        ".align 4\n"
        ".long 0x1badb002, 0, -0x1badb002\n" /* multiboot header */
        ".globl _start\n"
        "_start: cli; mov $stack + 16384, %esp; push %ebx; push %eax; call run\n"
        ".bss\n"
        ".align 16\n"
        "stack: .skip 16384\n"
        ".text\n");
