// What every page gets. Each module adds to plain HTML that already works without it.
import './chart.js';
import './dialogs.js';
import './keypad.js';
import './menu.js';
import './palette.js';
import './print.js';
import './scan.js';
import './shell.js';
import './theme.js';
import './toasts.js';
