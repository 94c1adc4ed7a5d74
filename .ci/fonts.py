"""The fonts of papers: subsets of Noto Serif CJK SC (on Debian fonts-noto-cjk), renamed, as what is changed needs a name of its own. Run from the root of the tree.

Kept are GB 2312, Latin, the signs of office papers, what the shipped packs and the Chinese catalogue say, and characters of names and places that GB 2312 lacks. What a
paper says beyond that is named on it, and a street adds a font of its own (docs/sheet.md).
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection

SOURCE = Path("/usr/share/fonts/opentype/noto")
TARGET = Path("layers/fonts")
SIMPLIFIED = 2  # place of the face for simplified Chinese in the collection
SAYING = (".toml", ".csv", ".geojson", ".po")
SIGNS = "–—―‘’“”…‰′″※℃№①②③④⑤⑥⑦⑧⑨⑩→←↑↓▲▼△▽●○■□★☆〔〕¥￥²³·×÷≤≥≠±•"
NAMES = (
    "喆堃垚玥珺翀旻昇瑄琊镕赟淏沄湉祎祺禛甯婳婻嫚孖宬寔岍峣嵘崟幈弢彧忞怡恺悫愔慜戬扆攸昀昉昕昳晔晞晟晗曈杧枥枳栐桲梽棪棽楙榀樾橦檑歆殳毓泓泠洺浐涢涞淓渟湲溍滢滏滘漷潆潏澍澥濂濛瀍灏炅炘炜烜烨"
    "焓焱煊煦熠爔牮犍玎玘玚玟珅珈珑珣珩珵琎琛琤琨琪琬琰瑀瑗瑢瑧璇璟璠璩畀畑砼硚磡祯祾秾窅竑筠箐粼纮绀绗绶缇缊罡翊翙翯艺芃芮苡苪茳茼荃荞莘菀菂葳蓁蓥蔺蕖薏藁蘅虢衎袆谖豳赉跶轺辂迦逄邗邙邡邳郇郏郐郓郢"
    "郯郾鄄鄞鄢鄱酆釜钇钊钏钰铄铠铧锃锜锳镡镠镨閦阇陔陟隰雩雱霁霈霏靓韪韫頔颀颋颐飏飓骁骎骐骦鲲鸢鹍麒黉龢龑堌塬埇埗埠峂峪崾嵖垱垴堨塅圩坨墕坂坳坪凼沕滧氹涌濮漯洣洮洹浉涿淇溱"
)


def characters() -> set[str]:
    """Return what the fonts hold."""
    kept = {chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x180))} | set(SIGNS) | set(NAMES)
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            kept |= set(bytes([high, low]).decode("gb2312", errors="ignore"))
    said = [path for path in (*Path("data").rglob("*"), *Path("locales").rglob("*")) if path.suffix in SAYING]
    return kept | {one for path in said for one in path.read_text(encoding="utf-8") if "\u4e00" <= one <= "\u9fff"}


def make(source: str, style: str) -> None:
    """Write one font: outlines alone, no hints, no other faces, no vertical setting."""
    font = TTCollection(SOURCE / source).fonts[SIMPLIFIED]
    options = subset.Options(layout_features=["kern"], name_IDs=["*"], notdef_outline=True, hinting=False)
    options.drop_tables += ["VORG", "vhea", "vmtx", "BASE"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[ord(one) for one in characters()])
    subsetter.subset(font)
    family, plain, names = "Battlemap Song", f"BattlemapSong-{style}", font["name"]
    origin = f"Subset of {names.getDebugName(4)} {names.getDebugName(5)}"
    names.names = [one for one in names.names if one.nameID in {0, 5, 13, 14} and one.platformID == 3]  # noqa: PLR2004 - Windows
    said = {1: family, 2: style, 3: plain, 4: f"{family} {style}", 6: plain, 10: origin}
    for place, text in said.items():
        names.setName(text, place, 3, 1, 0x409)
    compact = font["CFF "].cff
    compact.fontNames[0] = plain
    compact.topDictIndex[0].FullName, compact.topDictIndex[0].FamilyName = f"{family} {style}", family
    font.recalcTimestamp = False
    target = TARGET / f"battlemap-song-{style.lower()}.otf"
    font.save(target)
    sys.stdout.write(f"{target} {target.stat().st_size:,} bytes, {len(font.getBestCmap()):,} characters\n")


if __name__ == "__main__":
    make("NotoSerifCJK-Regular.ttc", "Regular")
    make("NotoSerifCJK-Bold.ttc", "Bold")
