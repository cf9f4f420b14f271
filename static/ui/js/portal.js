// What the member's pages get, which must load fast on a slow phone. Each module adds to
// plain HTML that already works without it.
import './dialogs.js';
import './theme.js';
import './toasts.js';
