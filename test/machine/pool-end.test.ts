/** The end of a command in Python: it is at once where no one can tell, and else as Python's own. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {PATIENCE, pool} from './pools.ts';

const CODE = `
import atexit, os, sys, threading, time

def note(name, word): os.write(os.open(name, os.O_CREAT | os.O_WRONLY, 0o600), word)

class Last:
    def __init__(self, word): self.word = word
    def __del__(self): note('last', self.word)

def leaf(): pass
def opened():
    global early
    early = open('early', 'w')

def plain(): print('plain'); return 3
def exits(): print('exits'); sys.exit(4)
def text(): sys.exit('why')
def fails(): raise ValueError('why')
def file():
    global kept
    kept = open('kept', 'w')
    kept.write('kept')
def node_file(): early.write('early')
def last():
    global it
    it = Last(b'one')
def generator():
    def wait():
        try: yield
        finally: note('finally', b'done')
    global it
    it = wait()
    next(it)
def hook(): atexit.register(lambda: open('hook', 'w').write('done'))
def bad_hook(): atexit.register(lambda: 1 / 0)
def thread(): threading.Thread(target=lambda: (time.sleep(0.2), print('thread'))).start()
def full():
    sys.stdout = open('/dev/full', 'w')
    print('lost')
def original(): sys.__stdout__.write('original')
`;
const PLAN = {boot: {
	leaf: {
		plain: [], exits: [], text: [], fails: [], file: [], last: [], generator: [], hook: [], bad_hook: [], thread: [], full: [], original: [],
	},
	opened: {node_file: []},
}};

describe('the end of a command', () => {
	test('is that of any program of its language, whatever it has begun', async () => {
		await using it = await pool({plan: PLAN, code: CODE});
		await it.ready('leaf');
		await it.ready('opened');
		const run = (name: string) => it.client('run', name);
		const left = (name: string) => readFileSync(join(it.folder, name), 'utf8');
		expect(await run('plain')).toMatchObject({status: 3, stdout: 'plain\n'});
		expect(await run('exits')).toMatchObject({status: 4, stdout: 'exits\n'});
		expect(await run('text')).toMatchObject({status: 1, stderr: 'why\n'});
		expect(await run('fails')).toMatchObject({status: 1, stderr: expect.stringMatching(/^Traceback[^]*ValueError: why\n$/)});
		expect([(await run('file')).status, left('kept')]).toEqual([0, 'kept']);
		expect([(await run('node_file')).status, left('early')]).toEqual([0, 'early']);
		expect([(await run('last')).status, left('last')]).toEqual([0, 'one']);
		expect([(await run('generator')).status, left('finally')]).toEqual([0, 'done']);
		expect([(await run('hook')).status, left('hook')]).toEqual([0, 'done']);
		expect(await run('bad_hook')).toMatchObject({status: 0, stderr: expect.stringContaining('ZeroDivisionError')});
		expect(await run('thread')).toMatchObject({status: 0, stdout: 'thread\n'});
		expect((await run('full')).status).toBe(120);
		expect(await run('original')).toMatchObject({status: 0, stdout: 'original'});
	}, PATIENCE);
});
