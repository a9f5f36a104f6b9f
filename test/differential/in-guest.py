"""Runs sequences of commands on real ZFS: JSON from stdin, a line of JSON for each of them.

Everything is looked at through libzfs, as `zfs list` does: starting a program for it takes most of the time of a step.
"""
import contextlib
import ctypes
import ctypes.util
import fcntl
import json
import multiprocessing
import os
import struct
import subprocess
import sys
import termios
import time

libzfs = ctypes.CDLL(ctypes.util.find_library('zfs'))
core = ctypes.CDLL(ctypes.util.find_library('zfs_core'))
nvpair = ctypes.CDLL(ctypes.util.find_library('nvpair'))
ITERATE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
for name, kinds in {
    'zfs_open': [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int],
    'zfs_close': [ctypes.c_void_p],
    'zfs_get_name': [ctypes.c_void_p],
    'zfs_iter_filesystems': [ctypes.c_void_p, ITERATE, ctypes.c_void_p],
    'zfs_iter_snapshots': [ctypes.c_void_p, ctypes.c_int, ITERATE, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64],
    'zfs_iter_bookmarks': [ctypes.c_void_p, ITERATE, ctypes.c_void_p],
    'zfs_prop_get': [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p,
                     ctypes.c_size_t, ctypes.c_int],
}.items():
    getattr(libzfs, name).argtypes = kinds
libzfs.libzfs_init.restype = libzfs.zfs_open.restype = ctypes.c_void_p
libzfs.zfs_get_name.restype = ctypes.c_char_p

PROPERTIES = [b'type', b'guid', b'createtxg', b'userrefs', b'defer_destroy', b'origin', b'receive_resume_token', b'written']
FILESYSTEM_OR_VOLUME = 1 | 4


def main():
    asked = json.load(sys.stdin)
    pool = asked['pool']
    backing = f'/pool/{pool}'
    with open(backing, 'w') as file:
        file.truncate(1 << 30)
    subprocess.run(
        ['zpool', 'create', '-f', '-O', f'mountpoint=/mnt/{pool}', '-O', 'atime=off', pool, backing], check=True)
    # Who waits for a transaction group waits for it together with the others.
    with multiprocessing.Pool(6, begin, [pool]) as workers:
        for answer in workers.imap_unordered(run_sequence, asked['sequences'], chunksize=1):
            print(json.dumps(answer), flush=True)
    subprocess.run(['zpool', 'destroy', '-f', pool], check=True)
    os.remove(backing)


def begin(pool_name):
    global handle, pool, properties, stream
    pool = pool_name
    stream = f'/tmp/{pool}-{os.getpid()}'
    if core.libzfs_core_init() != 0:
        raise OSError('no libzfs_core')
    handle = libzfs.libzfs_init()
    properties = [libzfs.zfs_name_to_prop(name) for name in PROPERTIES]


def run_sequence(sequence):
    root = f'{pool}/{sequence["id"]}'
    subprocess.run(['zfs', 'create', root], check=True)
    answers = [{**run_step(step, root), 'state': state(root)} for step in sequence['steps']]
    if os.path.exists(stream):
        os.remove(stream)
    return {'id': sequence['id'], 'answers': answers}


def run_step(step, root):
    def words(name):
        return [word.replace('~', root) for word in step[name]]

    dataset = step.get('dataset', '').replace('~', root)
    match step['do']:
        case 'zfs':
            return zfs(words('words'))
        case 'write':
            return write(dataset, step['first'], step['count'])
        case 'create-encrypted':
            return zfs(['create', '-o', 'encryption=on', '-o', 'keyformat=raw', '-o', 'keylocation=prompt', dataset],
                       input='k' * 32)
        case 'unload-key':
            zfs(['unmount', dataset])
            return zfs(['unload-key', dataset])
        case 'header':
            return send(words('send')) or {**ok(), 'header': head(312).hex()}
        case 'transfer':
            return send(words('send')) or receive(words('receive'), step['cut'])
        case 'resume':
            token = zfs(['get', '-H', '-o', 'value', 'receive_resume_token', dataset])['stdout'].strip()
            if not token.startswith('1-'):
                return {'exit': 99, 'stderr': 'no token', 'stdout': ''}
            return send([*words('send'), '-t', token]) or receive(words('receive'), step['cut'])
        case 'while-sending':
            with subprocess.Popen(['zfs', 'send', *words('send')], stdout=subprocess.PIPE) as sender:
                sender.stdout.read(1000)
                return zfs(words('words'))
        case 'while-receiving':
            return send(words('send')) or while_receiving(words('receive'), words('words'))


def while_receiving(receive_words, words):
    """A receive that is refused has gone before it has read everything."""
    with subprocess.Popen(
            ['zfs', 'receive', *receive_words], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0) as receiver:
        left = memoryview(head(os.path.getsize(stream) * 6 // 10))
        with contextlib.suppress(BrokenPipeError):
            while left:
                left = left[receiver.stdin.write(left):]
        # Once the pipe is empty the kernel is at it, and waits for more.
        while receiver.poll() is None and unread(receiver.stdin) > 0:
            time.sleep(0.01)
        return zfs(words)


def unread(pipe):
    return struct.unpack('i', fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


def zfs(words, **more):
    done = subprocess.run(['zfs', *words], capture_output=True, text=True, close_fds=False, **more)
    return {'exit': done.returncode, 'stderr': done.stderr, 'stdout': done.stdout}


def ok():
    return {'exit': 0, 'stderr': '', 'stdout': ''}


def send(words):
    """Into the file. Returns what failed."""
    with open(stream, 'wb') as file:
        done = subprocess.run(['zfs', 'send', *words], stdout=file, stderr=subprocess.PIPE, text=True, close_fds=False)
    return None if done.returncode == 0 else {'exit': done.returncode, 'stderr': done.stderr, 'stdout': ''}


def receive(words, cut):
    length = os.path.getsize(stream)
    if cut == 'begun' and length > 1500:
        os.truncate(stream, 400)
    if cut == 'most':
        os.truncate(stream, length * 6 // 10)
    with open(stream, 'rb') as file:
        return zfs(['receive', *words], stdin=file)


def head(length):
    with open(stream, 'rb') as file:
        return file.read(length)


def write(dataset, first, count):
    directory = f'/mnt/{dataset}'
    mounted = os.path.ismount(directory)
    if not mounted:
        zfs(['mount', dataset])
    file = os.open(f'{directory}/file', os.O_WRONLY | os.O_CREAT)
    os.pwrite(file, os.urandom(count << 17), first << 17)
    os.close(file)
    if not mounted:
        zfs(['unmount', dataset])
    sync()
    return ok()


def sync():
    """As `zpool sync` does."""
    options = ctypes.c_void_p()
    nvpair.nvlist_alloc(ctypes.byref(options), 1, 0)
    nvpair.nvlist_add_boolean_value(options, b'force', 0)
    errno = core.lzc_sync(pool.encode(), options, None)
    nvpair.nvlist_free(options)
    if errno != 0:
        raise OSError(errno, f'{pool} does not sync')


def state(root):
    """Of everything from `root` on: the name, and each of PROPERTIES, `-` where it has none."""
    rows = []
    text = ctypes.create_string_buffer(2048)

    def row(one):
        values = [text.value.decode() if libzfs.zfs_prop_get(one, prop, text, 2048, None, None, 0, 1) == 0 else '-'
                  for prop in properties]
        rows.append([libzfs.zfs_get_name(one).decode(), *values])

    @ITERATE
    def each_version(one, _):
        row(one)
        libzfs.zfs_close(one)
        return 0

    @ITERATE
    def each_dataset(one, _):
        row(one)
        libzfs.zfs_iter_snapshots(one, 0, each_version, None, 0, 0)
        libzfs.zfs_iter_bookmarks(one, each_version, None)
        libzfs.zfs_iter_filesystems(one, each_dataset, None)
        libzfs.zfs_close(one)
        return 0

    top = libzfs.zfs_open(handle, root.encode(), FILESYSTEM_OR_VOLUME)
    if top:
        each_dataset(top, None)
    return rows


main()
