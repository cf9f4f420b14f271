// Keeps the screen awake while the card is shown large.
async function stayAwake() {
  if (document.visibilityState !== 'visible') return;
  try {
    await navigator.wakeLock?.request('screen');
  } catch {
    // The battery is low or the browser does not want to: the card shows all the same.
  }
}

stayAwake();
document.addEventListener('visibilitychange', stayAwake);
