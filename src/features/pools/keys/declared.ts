/** A pool as it is written. */
import type {Declared} from '../../../config/keys/services.ts';
import type {Value} from '../../../config/values.ts';
import type {PoolSettings} from '../core/arguments.ts';

/** A service, and what its master is told. */
export interface DeclaredPool extends Declared {
	readonly pool: PoolSettings;
	/** Where `config` stands; null: it does not. */
	readonly configAt: Value | null;
}
