/** The event loop: times in their order, the next turn, ready descriptors, and what happens when a callback throws. */
import {expect, test} from 'vitest';
import {pipe} from '../../../src/os/descriptors.ts';
import {after, catchUp, forget, onUncaught, poll, soon, turn, watch, watchLast} from '../../../src/os/reactor.ts';
import {EPOLLIN, sys} from '../../../src/os/sys.ts';

const ends = (): readonly [number, number] => {
	const made = pipe();
	if (typeof made === 'number') throw new Error(`pipe: errno ${-made}`);
	return made;
};

test('calls back in the order of the times, whatever the order of the words', () => {
	const heard: number[] = [];
	const times = Array.from({length: 30}, (_, i) => (i * 7) % 30);
	const cancels = times.map(time => after(time * 20, () => heard.push(time)));
	for (let i = 0; i < 30; i += 3) cancels[i]?.();
	const wanted = times.filter((_, i) => i % 3 !== 0).sort((a, b) => a - b);
	while (heard.length < wanted.length) turn(10);
	turn(0);
	expect(heard).toEqual(wanted);
});

test('what is asked for in a turn comes in the next, and nothing waits for it', () => {
	const heard: string[] = [];
	soon(() => {
		heard.push('first');
		soon(() => heard.push('second'));
	});
	turn(0);
	expect(heard).toEqual(['first']);
	turn(0);
	expect(heard).toEqual(['first', 'second']);
});

test('never is not a time', () => {
	after(Infinity, () => expect.fail());
	turn(0);
});

test('tells of what can be read until it is read or forgotten', () => {
	const [reader, writer] = ends();
	let told = 0;
	watch(reader, EPOLLIN, () => told++);
	turn(0);
	expect(told).toBe(0);
	sys.write(writer, Uint8Array.of(1));
	turn(0);
	turn(0);
	expect(told).toBe(2);
	forget(reader);
	turn(0);
	expect(told).toBe(2);
	for (const fd of [reader, writer]) sys.close(fd);
});

test('a descriptor that is forgotten by another of the same batch is not told of', () => {
	const [one, other] = [ends(), ends()];
	const told: number[] = [];
	for (const [reader] of [one, other]) {
		watch(reader, EPOLLIN, () => {
			told.push(reader);
			for (const [fd] of [one, other]) forget(fd);
		});
	}
	for (const [, writer] of [one, other]) sys.write(writer, Uint8Array.of(1));
	turn(0);
	expect(told).toHaveLength(1);
	for (const fd of [...one, ...other]) sys.close(fd);
});

test('a callback that throws is heard of, and takes no other with it', () => {
	const heard: unknown[] = [];
	onUncaught(error => heard.push(error));
	const error = new Error('a bug');
	soon(() => {
		throw error;
	});
	soon(() => heard.push('the next'));
	turn(0);
	expect(heard).toEqual([error, 'the next']);
});

test('clients are heard after all else of a turn, and not while something else is heard', () => {
	const [client, other] = [ends(), ends()];
	const heard: string[] = [];
	watchLast(client[0], EPOLLIN, () => heard.push('client'));
	watch(other[0], EPOLLIN, () => {
		poll();
		heard.push('other');
		forget(other[0]);
	});
	for (const [, writer] of [client, other]) sys.write(writer, Uint8Array.of(1));
	poll();
	expect(heard.filter(name => name === 'client')).toEqual([]);
	turn(0);
	expect(heard.at(-1)).toBe('client');
	forget(client[0]);
	const count = heard.length;
	turn(0);
	expect(heard).toHaveLength(count);
	for (const fd of [...client, ...other]) sys.close(fd);
});

test('what happened before a client is heard is known to it, though another was heard in between', () => {
	const [one, two, other] = [ends(), ends(), ends()];
	const heard: string[] = [];
	for (const [client] of [one, two]) {
		watchLast(client, EPOLLIN, () => {
			catchUp();
			heard.push('client');
			if (heard.length === 1) sys.write(other[1], Uint8Array.of(1));
			forget(client);
		});
	}
	watch(other[0], EPOLLIN, () => {
		heard.push('other');
		forget(other[0]);
	});
	for (const [, writer] of [one, two]) sys.write(writer, Uint8Array.of(1));
	turn(0);
	expect(heard).toEqual(['client', 'other', 'client']);
	for (const fd of [...one, ...two, ...other]) sys.close(fd);
});
