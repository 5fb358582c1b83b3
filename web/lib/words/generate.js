// @ts-check
/** Texts of Generate's sizes and of dimmed widgets. */

/** @satisfies {Record<string, import("./languages.js").Text>} */
export const GENERATE = {
  "relevance.unread": {
    en: "{model} does not read this; only {readers} do. The value is kept.",
    zh: "{model} 不使用此项；仅 {readers} 使用。其值会保留。",
    ja: "{model} はこの項目を使いません（使うのは {readers} のみ）。値は残ります。",
    de: "{model} liest das nicht, nur {readers}. Der Wert bleibt erhalten.",
  },
  "relevance.unread.others": {
    en: "{model} does not read this; other models do. The value is kept.",
    zh: "{model} 不使用此项，其他模型会使用。其值会保留。",
    ja: "{model} はこの項目を使いません。ほかのモデルは使います。値は残ります。",
    de: "{model} liest das nicht, andere Modelle schon. Der Wert bleibt erhalten.",
  },
  "relevance.unread.none": {
    en: "{model} does not read this. The value is kept.",
    zh: "{model} 不使用此项。其值会保留。",
    ja: "{model} はこの項目を使いません。値は残ります。",
    de: "{model} liest das nicht. Der Wert bleibt erhalten.",
  },

  "overruled.note": {
    en: "Not read: “{by}”, which is wired to settings, says {value}. The value here is kept.",
    zh: "此项不生效：接到“设置”的“{by}”规定为 {value}。此处的值会保留。",
    ja: "この値は使われません。「設定」につながれた「{by}」が {value} と決めています。ここの値は残ります。",
    de: "Zählt nicht: „{by}“ am Eingang „Einstellungen“ sagt {value}. Der Wert hier bleibt erhalten.",
  },
  "overruled.unknown": {
    en: "Not read: “{by}”, which is wired to settings, sets it when the graph runs. The value here is kept.",
    zh: "此项不生效：接到“设置”的“{by}”会在运行时规定。此处的值会保留。",
    ja: "この値は使われません。「設定」につながれた「{by}」が実行時に決めます。ここの値は残ります。",
    de: "Zählt nicht: „{by}“ am Eingang „Einstellungen“ setzt ihn beim Lauf. Der Wert hier bleibt erhalten.",
  },
  "overruled.automatic": { en: "automatic", zh: "自动", ja: "自動", de: "automatisch" },

  "sizes.label": { en: "size", zh: "尺寸", ja: "サイズ", de: "Größe" },
  "sizes.tooltip": {
    en: "Sizes that suit the model; sets width and height.",
    zh: "适合该模型的尺寸；会设置宽度和高度。",
    ja: "モデルに合うサイズです。幅と高さを設定します。",
    de: "Größen, die zum Modell passen; setzt Breite und Höhe.",
  },
  "sizes.swap": {
    en: "⇄ swap width and height",
    zh: "⇄ 交换宽度和高度",
    ja: "⇄ 幅と高さを入れ替える",
    de: "⇄ Breite und Höhe tauschen",
  },
};
