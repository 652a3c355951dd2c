/** Which file is the manifest of this machine. */
import {expect, test} from 'vitest';
import {fileFor, roleOf} from '../../../../src/features/manifest/core/rules.ts';

test('a role is put before the end of the file\'s name', () => {
	expect(fileFor('/etc/whizzifest.txt', 'C')).toBe('/etc/whizzifestC.txt');
	expect(fileFor('/etc/whizzifest.txt', null)).toBe('/etc/whizzifest.txt');
	expect(fileFor('/etc/list', 'C')).toBe('/etc/listC');
	expect(fileFor('/etc/.list', 'C')).toBe('/etc/.listC');
	expect(fileFor('/etc/a.b/list', 'C')).toBe('/etc/a.b/listC');
});

test('the environment comes before the config, whose first pattern of a hostname counts', () => {
	const hosts = [['pi-1', 'A'], ['pi-*', 'B'], ['*', 'C']] as const;
	expect(roleOf({role: 'X'}, undefined, 'pi-1')).toBe('X');
	expect(roleOf({role: 'X'}, 'Y', 'pi-1')).toBe('Y');
	expect(roleOf({role: null}, undefined, 'pi-1')).toBe(null);
	expect(roleOf({role: hosts}, undefined, 'pi-1')).toBe('A');
	expect(roleOf({role: hosts}, undefined, 'pi-2')).toBe('B');
	expect(roleOf({role: hosts.slice(0, 2)}, undefined, 'web')).toBe(null);
	// Nothing that leads to another folder.
	expect(roleOf({role: 'X'}, '../../tmp/x', 'pi-1')).toBe('X');
});
