// @ts-check
/** Texts that all dialogs and lists have, and of routes that do not answer. */

/** @satisfies {Record<string, import("./languages.js").Text>} */
export const COMMON = {
  "dialog.close": { en: "Close", zh: "关闭", ja: "閉じる", de: "Schließen" },
  "dialog.cancel": { en: "Cancel", zh: "取消", ja: "キャンセル", de: "Abbrechen" },
  "dialog.save": { en: "Save", zh: "保存", ja: "保存", de: "Speichern" },
  "list.edit": { en: "Change", zh: "更改", ja: "変更", de: "Ändern" },
  "list.remove": { en: "Remove", zh: "移除", ja: "削除", de: "Entfernen" },
  "list.keep": { en: "Keep", zh: "保留", ja: "残す", de: "Behalten" },
  "routes.silent": {
    en: "ComfyUI's server does not answer.",
    zh: "ComfyUI 服务器没有应答。",
    ja: "ComfyUI サーバーが応答しません。",
    de: "Der ComfyUI-Server antwortet nicht.",
  },
  "routes.silent.remedy": {
    en: "Check that ComfyUI is still running and reload this page.",
    zh: "请确认 ComfyUI 仍在运行，然后重新加载此页面。",
    ja: "ComfyUI が動いているか確かめ、このページを再読み込みしてください。",
    de: "Prüfen, ob ComfyUI noch läuft, und diese Seite neu laden.",
  },
  "routes.unclear": {
    en: "ComfyUI's server gave an answer that is not Drawbridge's (HTTP {status}).",
    zh: "ComfyUI 服务器的应答并非来自 Drawbridge（HTTP {status}）。",
    ja: "ComfyUI サーバーの応答は Drawbridge のものではありません（HTTP {status}）。",
    de: "Der ComfyUI-Server gab eine Antwort, die nicht von Drawbridge ist (HTTP {status}).",
  },
  "routes.restart": {
    en: "Start ComfyUI again, so that page and server are of the same version.",
    zh: "请重新启动 ComfyUI，使页面与服务器版本一致。",
    ja: "ページとサーバーのバージョンが揃うように ComfyUI を再起動してください。",
    de: "ComfyUI neu starten, damit Seite und Server dieselbe Version haben.",
  },
  "routes.broken": {
    en: "Something in the page failed: {what}.",
    zh: "页面出现故障：{what}。",
    ja: "ページで問題が起きました：{what}。",
    de: "In der Seite ist etwas fehlgeschlagen: {what}.",
  },
  "routes.report": {
    en: "Reload the page; if it stays, please report it.",
    zh: "请重新加载页面；若仍然如此，请报告此问题。",
    ja: "ページを再読み込みしてください。直らなければ報告してください。",
    de: "Die Seite neu laden; bleibt es dabei, den Fehler bitte melden.",
  },
};
