// Opens dialogs named by data-dialog; keeps the screen awake while a card is shown.
async function stayAwake(dialog) {
  try {
    const lock = await navigator.wakeLock?.request('screen');
    dialog.addEventListener('close', () => lock?.release(), { once: true });
  } catch {
    // The battery is low or the browser does not want to: the card shows all the same.
  }
}

function open(dialog) {
  if (dialog.open) return;
  dialog.showModal();
  if ('wake' in dialog.dataset) stayAwake(dialog);
}

document.addEventListener('click', (event) => {
  const opener = event.target.closest('[data-dialog]');
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog) {
    event.preventDefault();
    open(dialog);
    return;
  }
  if (event.target.closest('[data-close]')) {
    event.target.closest('dialog')?.close();
    return;
  }
  // A click on the dialog itself is one beside its content: the backdrop.
  if (event.target instanceof HTMLDialogElement) {
    const box = event.target.getBoundingClientRect();
    const inside =
      event.clientX >= box.left && event.clientX <= box.right &&
      event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) event.target.close();
  }
});

function settle(root) {
  root.querySelectorAll('dialog[data-open]').forEach(open);
  const summary = root.querySelector('[data-focus]');
  summary?.focus();
}

settle(document);
document.addEventListener('htmx:load', (event) => {
  if (event.target !== document.body) settle(event.target);
});
